//! `simulate`: plays the same traffic on several platforms and compares what users wait and what it is billed.

use std::process::ExitCode;

use breakeven::cli::arguments::Prices;
use breakeven::cli::prices::Asked;
use breakeven::cli::{self, Arguments, Command, Exit, Failure};

fn main() -> ExitCode {
    cli::guarded(|| perform().unwrap_or_else(Failure::report)).into()
}

fn perform() -> Result<Exit, Failure> {
    let arguments = Arguments::read(std::env::args_os())?;
    match &arguments.command {
        Command::Run { scenario } => cli::run::run(scenario, &arguments),
        Command::Check { scenario } => cli::check::check(scenario, &arguments),
        Command::Sweep { scenario, over } => cli::sweep::sweep(scenario, over, &arguments),
        Command::Init { list: true, .. } => cli::init::list(),
        Command::Init { template, .. } => cli::init::init(template.as_deref()),
        Command::Schema => cli::schema::schema(),
        Command::Platforms { show: None } => cli::platforms::list(&arguments),
        Command::Platforms { show: Some(show) } => cli::platforms::show(show.id(), &arguments),
        Command::Prices { what, older_than, as_of } => {
            prices(what.as_ref(), Asked { older_than: *older_than, as_of: *as_of }, &arguments)
        }
        Command::Explain { result, line } => cli::explain::explain(result, line.as_deref(), &arguments),
        Command::Reprice { result, as_of } => cli::reprice::reprice(result, as_of.as_deref(), &arguments),
        Command::Traffic { what } => cli::traffic::traffic(what, &arguments),
        Command::Completions { shell } => cli::completions::completions(*shell),
        Command::Man { command } => cli::man::man(command.as_deref()),
    }
}

fn prices(what: Option<&Prices>, asked: Asked, arguments: &Arguments) -> Result<Exit, Failure> {
    match what {
        None | Some(Prices::List) => cli::prices::list(asked, arguments),
        Some(Prices::Search { words }) => cli::prices::search(words, asked, arguments),
        Some(Prices::Show { id }) => cli::prices::show(id, asked, arguments),
        Some(Prices::Import { files, map, filter }) => cli::import::import(files, map.as_deref(), filter, arguments),
    }
}
