"""The page of `load-profile explore`: `read` asks tables, `page` shows them, `server` serves it."""
