"""What tests share: projects, engines, models, graphs and the oracles they are held against."""
