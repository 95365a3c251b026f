//! kpbench as its users meet it: the binary, real brokers, bad input and bad days.

mod broker_death;
mod counts;
mod interruption;
mod loss;
mod output;
mod refusals;
mod run_directory;
mod secured;
mod support;
