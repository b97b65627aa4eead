"""The paper's ablations of the loss (tables 5 and 6): a head each."""
