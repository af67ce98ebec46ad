"""Where weights come from. Each module has `fetch`: it fills a folder with a source's files, checked, and can be interrupted."""
