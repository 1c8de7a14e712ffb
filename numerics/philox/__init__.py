"""The one source of the simulators' randomness: counted, not drawn, so that every engine sees the same numbers."""
