"""What the tools of this folder share: how to measure, and the codes that are compared."""
