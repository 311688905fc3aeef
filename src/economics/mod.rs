//! The literature's formulas as pure functions: first passage, supply, premiums, price impact, coalitions, restaking networks.
//!
//! Time is in years, money in US dollars, rates a year and continuous, unless a name says
//! otherwise. Nothing here draws a random number or reads a file: each formula is one function
//! with its source beside it.
//!
//! | file | question |
//! |---|---|
//! | [`passage`] | how likely does a margin fall below zero, at a date and before it |
//! | [`jumps`] | the same for a price that jumps |
//! | [`opportunities`] | how likely is an attack when it needs an opportunity |
//! | [`supply`] | what stake does a reward budget attract, and what budget does a stake need |
//! | [`slashing`] | does a slash land in time, and what premium do stakers ask for the risk |
//! | [`delays`] | do several random delays end in time |
//! | [`flows`] | how fast stake follows its equilibrium under the protocol's delays |
//! | [`franchise`] | what future business does an operator lose by attacking |
//! | [`bribery`] | what a briber must pay when few votes are pivotal |
//! | [`coalition`] | which entities reach the quorum at the lowest cost |
//! | [`network`] | what attacks on several services together cost, and how losses spread |
//! | [`profit`] | what can be taken before somebody stops it, and by shorting |
//! | [`heavy_tail`] | what a take with a Pareto tail is worth under a cap |
//! | [`impact`] | what large trades and liquidations do to a price |
//! | [`faults`] | how many operators fail together, and what that costs |
//! | [`copula`] | how often bad things come together |
//! | [`safety`] | plain and strong safety, and the cover that can be sold on them |
//! | [`range`] | how far can a price get before no computer follows |
//! | [`solve`] | roots and quadrature that the others share |

pub mod bribery;
pub mod coalition;
pub mod copula;
pub mod delays;
pub mod faults;
pub mod flows;
pub mod franchise;
pub mod heavy_tail;
pub mod impact;
pub mod jumps;
mod laplace;
pub mod network;
pub mod opportunities;
pub mod passage;
mod passage_checked;
pub mod profit;
pub mod range;
pub mod safety;
pub mod slashing;
pub mod solve;
pub mod supply;
