"""What the settings site keeps for a subscriber: sessions, and locks of logins."""
