"""An upgrade by day: a former version is replaced by this one while people call and log in."""
