"""Ways to fine-tune, one a file that exports METHOD; each reads like the next, so that comparing two is the lesson."""
