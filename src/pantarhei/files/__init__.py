"""Files: checkpoints, graphs, saved models, records, event files, the file system."""
