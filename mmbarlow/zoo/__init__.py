"""Result records, published numbers, and the page that shows them side by side."""
