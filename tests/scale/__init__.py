"""How the store grows: it is filled with millions of rows, and each statement of the product is explained."""
