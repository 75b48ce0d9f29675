"""How the tables came to be, one step a file in `versions`. Run by `cscs_sql.migrating`."""
