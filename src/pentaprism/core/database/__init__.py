"""The database: engine, sessions, shared column types, migrations."""
