"""What a draft would change, today: who qualifies, how points and grades spread, and what sales would get."""
