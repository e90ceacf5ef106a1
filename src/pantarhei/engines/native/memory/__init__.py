"""Where values lie: the memory plan and the arena."""
