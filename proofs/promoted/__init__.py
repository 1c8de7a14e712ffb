"""Evidence of runs that continuous integration does not repeat, a JSON file each; ``smd promote`` writes it.

Nothing here is written by hand.
"""
