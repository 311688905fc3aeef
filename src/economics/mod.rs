//! The literature's formulas as pure functions: first passage, supply, premiums, price impact, coalitions, restaking networks.
//!
//! Time is in years, money in US dollars, rates a year and continuous, unless a name says
//! otherwise. Nothing here draws a random number or reads a file: each formula is one function
//! with its source beside it.
//!
//! | file | question |
//! |---|---|
//! | [`passage`] | how likely does a margin fall below zero, at a date and before it |
//! | [`supply`] | what stake does a reward budget attract, and what budget does a stake need |
//! | [`slashing`] | does a slash land in time, and what premium do stakers ask for the risk |
//! | [`franchise`] | what future business does an operator lose by attacking |
//! | [`coalition`] | which entities reach the quorum at the lowest cost |
//! | [`solve`] | roots and quadrature that the others share |

pub mod coalition;
pub mod franchise;
pub mod passage;
pub mod slashing;
pub mod solve;
pub mod supply;
