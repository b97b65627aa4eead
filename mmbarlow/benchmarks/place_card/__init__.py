"""Report cards of what the places of an image tell: masks and boxes."""
