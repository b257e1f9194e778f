"""`python -m bot demo`: a small project, its people, and the real assistant among them, on this machine only."""
