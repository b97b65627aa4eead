"""Result records, published numbers, and the pages that show them side by side."""
