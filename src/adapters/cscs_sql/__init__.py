"""Usage events, their links and the directory in SQLite, PostgreSQL and TimescaleDB."""
