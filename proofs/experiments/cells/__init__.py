"""What the cells of the experiments run, apart from their judgement: a change there does not run them again."""
