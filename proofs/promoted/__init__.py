"""Evidence of runs that continuous integration cannot repeat, a JSON file a claim and layer; ``smd promote`` writes it.

Empty until such a run has been made: nothing here is written by hand.
"""
