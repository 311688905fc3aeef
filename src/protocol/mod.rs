//! EigenLayer's rules as pure integer functions: magnitudes, slashing, delays, reward splits.
