"""Pictures of graphs: where things stand (layers, places), what they say (boxes), and who draws it (svg, png, dot)."""
