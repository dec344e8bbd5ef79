"""The journal of incoming calls: `lines` reads a line, `caller` who calls, `file` follows the file."""
