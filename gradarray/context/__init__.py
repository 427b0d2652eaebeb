"""What holds here: in this thread and asyncio task, and at this line of the user's. Nothing of arrays is known."""
