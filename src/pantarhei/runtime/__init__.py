"""Floor 6: sessions, which feed and execute plans and keep variables between runs."""
