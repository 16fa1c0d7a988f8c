"""Draw what the tables say: each module but `*_files.py` knows pictures alone, no table or file."""
