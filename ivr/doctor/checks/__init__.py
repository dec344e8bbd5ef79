"""The checks of `ivr doctor`, one file each, in rooms: `host`, `store`, `exchange`, and `site` with the mails."""
