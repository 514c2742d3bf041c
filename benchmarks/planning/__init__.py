"""What the planner's figures are held against: made lists, closed forms, long simulations."""
