//! What was typed on the command line, checked for what makes no sense together.
//!
//! Flags are global: they may stand before or after the subcommand. `SCOPE` says to which subcommands each applies;
//! help and refusals both follow it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::{Exit, Failure, version};
use crate::document::diagnostic::Diagnostic;
use crate::report;

/// Subcommands of the language that are not built yet.
const LATER: [&str; 1] = ["diff"];

/// Flags that do not apply to every subcommand, and the subcommands to which they apply.
const SCOPE: [(&str, &[&str]); 8] = [
    ("out", &["run", "sweep", "prices", "reprice", "traffic"]),
    ("format", &["run", "sweep", "check", "platforms", "prices", "reprice", "explain", "traffic"]),
    ("seed", &["run", "sweep", "check", "traffic"]),
    ("replications", &["run", "sweep", "check"]),
    ("fidelity", &["run", "sweep", "check"]),
    ("set", &["run", "sweep", "check", "reprice", "traffic"]),
    ("threads", &["run", "sweep"]),
    ("strict", &["run"]),
];

// Lines are short enough for a manual page, which would break longer ones.
const EXAMPLES: &str = "\
Examples:
  simulate init > my.toml            Start a scenario of your own
  simulate my.toml --out report      Run it and write the report
  simulate sweep my.toml --over traffic.source.rate=1/s..1000/s:8:log
                                     Find where platforms break even";

const REFERENCE: &str = "\
Exit codes:
  0    done
  1    the run failed: unwritable output, or a defect of simulate
  2    bad scenario, input file or usage; never worth a retry
  3    done, and what `slo.require` asks for is not satisfied
  4    done, and it cannot be told whether it is (with --strict)
  75   the machine had no resources left; worth a retry
  130  interrupted: finished replications are printed and written,
       marked as partial

Environment:
  SIMULATE_OUT, SIMULATE_FORMAT, SIMULATE_SEED, SIMULATE_THREADS,
  SIMULATE_REPLICATIONS, SIMULATE_FIDELITY, SIMULATE_STRICT,
  SIMULATE_QUIET and SIMULATE_NO_COLOR stand for the flags of these
  names, SIMULATE_SET for --set with one KEY=VALUE per line. A flag
  wins over the environment, the environment over the scenario.
  NO_COLOR is respected.";

/// Plays the same traffic on FaaS, PaaS and Kubernetes and compares what users wait and what it is billed.
#[derive(Debug, Parser)]
#[command(name = "simulate", version, disable_version_flag = true, disable_help_subcommand = true, after_help = EXAMPLES)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{REFERENCE}"), override_usage = "simulate SCENARIO.toml [OPTIONS]\n       simulate COMMAND [OPTIONS]")]
#[command(subcommand_value_name = "COMMAND", max_term_width = 100)]
struct CommandLine {
    /// Scenario to run; the same as `simulate run SCENARIO.toml`
    #[arg(value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    /// Print the version, and when the catalogue and the prices were observed
    #[arg(short = 'V', long)]
    version: bool,
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Run a scenario and compare its deployments
    Run {
        /// Scenario to run
        #[arg(value_name = "SCENARIO.toml")]
        scenario: PathBuf,
    },
    /// Check a scenario without running it
    Check {
        /// Scenario to check
        #[arg(value_name = "SCENARIO.toml")]
        scenario: PathBuf,
    },
    /// Vary one number of a scenario and find where one deployment becomes cheaper than another
    Sweep {
        /// Scenario to vary
        #[arg(value_name = "SCENARIO.toml")]
        scenario: PathBuf,
        /// Any numeric key and N values for it, such as `traffic.source.rate=10/s..1000/s:12:log`
        #[arg(long, value_name = "PATH=LOW..HIGH:N[:log]")]
        over: String,
    },
    /// Print a commented scenario to start from
    Init {
        /// Which; the first of `--list` by default
        template: Option<String>,
        /// List the templates
        #[arg(long, conflicts_with = "template")]
        list: bool,
    },
    /// Print the JSON Schema of scenarios, for editors
    Schema,
    /// List the platforms, or show every default of one with its source
    #[command(subcommand_value_name = "show ID", override_usage = "simulate platforms [show ID] [OPTIONS]")]
    Platforms {
        /// What of them
        #[command(subcommand)]
        show: Option<Show>,
    },
    /// List the prices, search them, show one with its tiers and source, or import price lists of providers
    #[command(subcommand_value_name = "list | search WORDS | show ID | import FILE...")]
    #[command(override_usage = "simulate prices [list | search WORDS | show ID | import FILE...] [OPTIONS]")]
    Prices {
        /// What of them
        #[command(subcommand)]
        what: Option<Prices>,
        /// Point out prices that were observed so many months ago or earlier
        #[arg(long, global = true, value_name = "MONTHS", default_value_t = 12)]
        older_than: u32,
        /// List, search and show prices as observed by this day, such as 2024-05-01; default: the newest
        #[arg(long, global = true, value_name = "DATE")]
        as_of: Option<jiff::civil::Date>,
    },
    /// Price the usage of a stored result anew, without playing it again
    Reprice {
        /// Result of `simulate run`: DIR/result.json of its `--out DIR`
        #[arg(value_name = "RESULT.json")]
        result: PathBuf,
        /// Prices as observed by this day, such as 2024-05-01; the same as `--set pricing.as_of=DATE`
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
    },
    /// Show a scenario's traffic, or fit one to data
    #[command(
        subcommand_value_name = "show SCENARIO.toml | fit FILE...",
        override_usage = "simulate traffic show SCENARIO.toml [OPTIONS]\n       simulate traffic fit FILE... [OPTIONS]"
    )]
    Traffic {
        /// What of it
        #[command(subcommand)]
        what: super::traffic::Traffic,
    },
    /// Take a line of a bill apart: usage per day, rule, price, source
    Explain {
        /// Result of `simulate run` or `simulate reprice`
        #[arg(value_name = "RESULT.json")]
        result: PathBuf,
        /// Number of a line, `deployment/tariff.item` or `tariff.item`; without it, the lines are listed
        line: Option<String>,
    },
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Of this subcommand instead of the whole
        command: Option<String>,
    },
}

/// What `simulate platforms` shows.
#[derive(Clone, Debug, Subcommand)]
pub enum Show {
    /// Show every default of a platform with its source
    Show {
        /// Id, as `simulate platforms` lists it
        id: String,
    },
}

/// What `simulate prices` does.
#[derive(Clone, Debug, Subcommand)]
pub enum Prices {
    /// List the tariffs
    List,
    /// List the items in which every word occurs
    Search {
        /// Words: a part of the id, the unit, the region, the note or a source
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Show a tariff, or one `tariff.item`: tiers, unit, source, date, confidence
    Show {
        /// Id, as `simulate prices list` or `search` prints it
        id: String,
    },
    /// Write a tariff file (to `--out FILE`, else to standard output) from price lists of providers
    Import {
        /// AWS price list, Google Cloud Billing Catalog, Azure Retail Prices or Infracost breakdown, as JSON
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Which price becomes which item of the tariff; without it, the prices of the files are listed
        #[arg(long, value_name = "MAP.toml")]
        map: Option<PathBuf>,
        /// List only prices with this fact; may be repeated
        #[arg(long = "where", value_name = "KEY=VALUE", action = ArgAction::Append)]
        filter: Vec<String>,
    },
}

impl Show {
    /// Id of the platform.
    #[must_use]
    pub fn id(&self) -> &str {
        let Self::Show { id } = self;
        id
    }
}

/// Flags.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Write result.json, report.html, report.md, CSV files and charts into this folder
    #[arg(short, long, global = true, env = "SIMULATE_OUT", hide_env = true, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What is printed to standard output [default: table]
    #[arg(short, long, global = true, env = "SIMULATE_FORMAT", hide_env = true, value_enum)]
    pub format: Option<Format>,
    /// Decides every random draw
    #[arg(long, global = true, env = "SIMULATE_SEED", hide_env = true, value_name = "N")]
    pub seed: Option<u64>,
    /// Independent runs; 1 gives no intervals
    #[arg(long, global = true, env = "SIMULATE_REPLICATIONS", hide_env = true, value_name = "N")]
    pub replications: Option<u32>,
    /// How the run is computed
    #[arg(long, global = true, env = "SIMULATE_FIDELITY", hide_env = true, value_enum)]
    pub fidelity: Option<Fidelity>,
    /// Change a value of the scenario, such as `deployment.eks.autoscaler.max=40`; may be repeated
    #[arg(short, long, global = true, value_name = "KEY=VALUE", action = ArgAction::Append)]
    pub set: Vec<String>,
    /// Threads to run on; results do not depend on it [default: one per core]
    #[arg(long, global = true, env = "SIMULATE_THREADS", hide_env = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Exit with 4 when it cannot be told whether the objectives are met
    #[arg(long, global = true, env = "SIMULATE_STRICT", hide_env = true, value_parser = FalseyValueParser::new())]
    pub strict: bool,
    /// Print no progress, warnings or list of files
    #[arg(short, long, global = true, env = "SIMULATE_QUIET", hide_env = true, value_parser = FalseyValueParser::new())]
    pub quiet: bool,
    /// Print diagnostics without colour
    #[arg(long, global = true, env = "SIMULATE_NO_COLOR", hide_env = true, value_parser = FalseyValueParser::new())]
    pub no_color: bool,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// Everything, in base units
    Json,
    /// One row per deployment, in base units
    Csv,
    /// The whole report
    Markdown,
}

impl From<Format> for report::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Json => Self::Json,
            Format::Csv => Self::Csv,
            Format::Markdown => Self::Markdown,
        }
    }
}

/// How a run is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fidelity {
    /// Exact, as long as that is feasible
    Auto,
    /// Every request is simulated
    Exact,
    /// Rates are played instead of requests, where that is possible
    Tick,
}

/// A value of the scenario that the environment or a flag changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What diagnostics call it.
    pub origin: String,
    /// `PATH=VALUE`.
    pub text: String,
}

/// A valid command line.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// What to do.
    pub command: Command,
    /// Flags, the environment's included.
    pub options: Options,
    /// What the environment and the flags change of the scenario, the weakest first.
    pub settings: Vec<Setting>,
}

impl Arguments {
    /// Reads `line`, whose first word is the program.
    ///
    /// # Errors
    /// A [`Failure`] that prints help, version or what is wrong.
    pub fn read(line: impl IntoIterator<Item = OsString>) -> Result<Self, Failure> {
        let mut command = with_later(command());
        let matches = command.try_get_matches_from_mut(line)?;
        if let Some(name) = matches.subcommand_name().filter(|name| LATER.contains(name)) {
            let problem = Diagnostic::error(format!("`simulate {name}` is not built yet"));
            let help = format!("what there is: `simulate --help`; a file of this name is `./{name}`");
            return Err(Failure::of(Exit::Bad, problem.help(help)));
        }
        let typed = CommandLine::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        if typed.options.no_color {
            anstream::ColorChoice::Never.write_global();
        }
        if typed.version {
            return Err(Failure::Answered(version::text()));
        }
        let refuse = |kind, message: String| Failure::from(self::command().error(kind, message));
        let (name, command) = match (typed.scenario, typed.command) {
            (None, None) => return Err(Failure::Usage(self::command().render_help().ansi().to_string())),
            (Some(scenario), None) => ("run", Command::Run { scenario }),
            (None, Some(command)) => (matches.subcommand_name().unwrap_or_default(), command),
            (Some(path), Some(_)) => {
                let name = matches.subcommand_name().unwrap_or_default();
                let message = format!("`{}` stands before the subcommand `{name}`", path.display());
                return Err(refuse(ErrorKind::ArgumentConflict, message));
            }
        };
        let typed_on_line = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        if let Some((id, _)) = SCOPE.iter().find(|(id, names)| typed_on_line(id) && !names.contains(&name)) {
            return Err(refuse(ErrorKind::ArgumentConflict, format!("`simulate {name}` has no use for `--{id}`")));
        }
        let settings = settings(&typed.options, &matches, name);
        Ok(Self { command, options: typed.options, settings })
    }

    /// The format to print in, out of those that the subcommand has.
    ///
    /// # Errors
    /// A usage error when it has not the one that was asked for.
    pub fn format_of(&self, offered: &[Format]) -> Result<Format, Failure> {
        let format = self.options.format.unwrap_or_default();
        if offered.contains(&format) {
            return Ok(format);
        }
        let word = |format: &Format| {
            format.to_possible_value().map_or_else(String::new, |value| format!("`{}`", value.get_name()))
        };
        let words: Vec<String> = offered.iter().map(word).collect();
        let problem = Diagnostic::error(format!("there is no format {} here", word(&format)));
        Err(Failure::of(Exit::Bad, problem.help(format!("valid: {}", words.join(", ")))))
    }
}

/// The grammar of the command line: what does not apply to a subcommand is not shown in its help.
#[must_use]
pub fn command() -> clap::Command {
    let mut command = CommandLine::command();
    let hidden = |id: &str| command.get_arguments().find(|arg| arg.get_id() == id).cloned().map(|arg| arg.hide(true));
    let hidden: Vec<_> = SCOPE.iter().filter_map(|(id, names)| Some((hidden(id)?, names))).collect();
    for subcommand in command.get_subcommands_mut() {
        for (flag, names) in &hidden {
            if !names.contains(&subcommand.get_name()) {
                // A flag of its own keeps the global one from being added, and is as good.
                *subcommand = std::mem::take(subcommand).arg(flag);
            }
        }
    }
    command
}

/// The same with what is not built yet, so that it can be refused by name whatever follows it.
fn with_later(command: clap::Command) -> clap::Command {
    let rest = clap::Arg::new("rest").num_args(..).trailing_var_arg(true).allow_hyphen_values(true);
    command.subcommands(LATER.map(|name| clap::Command::new(name).hide(true).arg(rest.clone())))
}

/// What the environment changes, then what the flags change, of what the subcommand called `name` reads.
fn settings(options: &Options, matches: &ArgMatches, name: &str) -> Vec<Setting> {
    let applies = |id: &str| SCOPE.iter().any(|(flag, names)| *flag == id && names.contains(&name));
    let fidelity = options.fidelity.and_then(|fidelity| fidelity.to_possible_value());
    let keys = [
        ("seed", options.seed.map(|seed| seed.to_string())),
        ("replications", options.replications.map(|replications| replications.to_string())),
        ("fidelity", fidelity.map(|fidelity| fidelity.get_name().to_owned())),
    ];
    let from_keys = |place: ValueSource| {
        let given = keys.iter().filter(move |(id, _)| applies(id) && matches.value_source(id) == Some(place));
        given.filter_map(move |(id, value)| {
            let environment = format!("<SIMULATE_{}>", id.to_uppercase());
            let origin = if place == ValueSource::CommandLine { format!("<--{id}>") } else { environment };
            Some(Setting { origin, text: format!("scenario.{id}={}", value.as_ref()?) })
        })
    };
    let numbered = |name: &str, texts: &[String]| -> Vec<Setting> {
        let named = |(index, text): (usize, &String)| Setting {
            origin: format!("<{name} {}>", index + 1),
            text: text.trim().to_owned(),
        };
        texts.iter().enumerate().map(named).collect()
    };
    let environment: Vec<String> = std::env::var("SIMULATE_SET")
        .map(|text| text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
        .unwrap_or_default();
    let mut settings = numbered("SIMULATE_SET", &environment);
    settings.extend(from_keys(ValueSource::EnvVariable));
    settings.extend(numbered("--set", &options.set));
    settings.extend(from_keys(ValueSource::CommandLine));
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<Arguments, Failure> {
        Arguments::read(std::iter::once("simulate").chain(line.iter().copied()).map(OsString::from))
    }

    #[test]
    fn the_grammar_is_consistent() {
        CommandLine::command().debug_assert();
        let mut command = command();
        command.build();
        for subcommand in command.get_subcommands() {
            for (id, names) in SCOPE {
                let flag = subcommand.get_arguments().find(|arg| arg.get_id() == id).unwrap();
                assert_eq!(flag.is_hide_set(), !names.contains(&subcommand.get_name()), "{subcommand} --{id}");
            }
        }
    }

    #[test]
    fn a_scenario_alone_is_run() {
        let arguments = read(&["s.toml", "--seed", "7"]).unwrap();
        assert!(matches!(arguments.command, Command::Run { scenario } if scenario.as_os_str() == "s.toml"));
    }

    #[test]
    fn flags_stand_before_or_after_the_subcommand() {
        for line in [["--seed", "7", "run", "s.toml"], ["run", "s.toml", "--seed", "7"]] {
            assert_eq!(read(&line).unwrap().options.seed, Some(7));
        }
    }

    #[test]
    fn flags_are_settings_after_those_of_set() {
        let settings =
            read(&["s.toml", "--seed", "7", "--set", "a=1", "--fidelity", "tick", "-s", "b=2"]).unwrap().settings;
        let texts: Vec<String> = settings.iter().map(|set| format!("{} {}", set.origin, set.text)).collect();
        assert_eq!(
            texts,
            ["<--set 1> a=1", "<--set 2> b=2", "<--seed> scenario.seed=7", "<--fidelity> scenario.fidelity=tick"]
        );
    }

    #[test]
    fn what_makes_no_sense_together_is_refused() {
        for line in [
            &["s.toml", "check", "x.toml"][..],
            &["init", "--seed", "3"],
            &["--out", "x", "schema"],
            &["check", "s.toml", "--strict"],
            &["diff", "a", "--fail-on", "b"],
            &["sweep", "s.toml"],
            &["s.toml", "--threads", "0"],
            &[],
        ] {
            assert!(read(line).is_err(), "{line:?}");
        }
    }
}
