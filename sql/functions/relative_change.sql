select (new_value - old_value) / nullif(abs(old_value), 0)
