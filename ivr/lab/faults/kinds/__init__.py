"""What can break in a house of many hosts, by kind: each begins when it is entered, and is mended when it is left."""
