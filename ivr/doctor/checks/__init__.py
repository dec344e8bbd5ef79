"""The checks of `ivr doctor`, one file each."""
