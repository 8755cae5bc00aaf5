"""What an image shows: the object, told from its background, and how it becomes the input of a model."""
