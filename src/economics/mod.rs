//! The literature's formulas as pure functions: first passage, supply, premiums, price impact, coalitions, restaking networks.
