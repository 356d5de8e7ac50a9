"""What a user asked for: tables, sources and their precedence, values read, errors in one line."""
