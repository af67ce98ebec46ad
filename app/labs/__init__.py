"""The course's practicals, one a file that exports LAB; see app/labs/base.py. Nothing here knows how it is shown."""
