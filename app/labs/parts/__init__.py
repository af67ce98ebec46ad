"""The computations of labs that are longer than a lab's own file: no controls, no words."""
