//! Loading a drop and a seed, beside psql's `\copy`, the server's own COPY and dbt Core, on the same files.
//!
//! The competitors take turns, and of each the fastest round counts: what else the machine does then touches all alike.

use super::database::Server;
use super::measure::{self, Figure};
use super::{Peers, table};
use crate::generate::{self, Generate};
use crate::verify::copy_project;
use crate::workspace;
use anyhow::Context;
use clap::Args;
use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

const DATE: &str = "2026-11-20";
const DATABASE: &str = "bench_ingest";
/// Invoices and organizations of the real data.
const LARGE: (u64, u64) = (12_708_796, 21_806);
const COLUMNS: &str = "invoice_id, parent_invoice_id, transaction_id, organization_id, type, status, currency\
    , payment_currency, payment_method, amount, payment_amount, fx_rate, fx_rate_payment";
/// What dbt infers for the columns of invoices, but for ids beyond its `integer`.
const SEED_TYPES: [(&str, &str); 4] = [
    ("INVOICE_ID", "bigint"),
    ("PARENT_INVOICE_ID", "bigint"),
    ("TRANSACTION_ID", "bigint"),
    ("ORGANIZATION_ID", "bigint"),
];

/// How large, and what.
#[derive(Debug, Args)]
pub struct Options {
    /// Invoices of the drop
    #[arg(long, default_value_t = 1_000_000)]
    invoices: u64,
    /// The real size: 12,708,796 invoices, about 2 GB, and three times that in the database
    #[arg(long, conflicts_with = "invoices")]
    large: bool,
    /// Rounds, of which the fastest counts
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Rows of the seed; the default makes 134 MB. 0 leaves seeds out
    #[arg(long, default_value_t = 1_145_000)]
    seed_rows: u64,
    /// Folder with `dp` and `ingest` built for release, instead of building them
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    #[command(flatten)]
    peers: Peers,
}

/// Measures and prints.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let folder = workspace::root().join("target/bench/ingest");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("failed to empty target/bench/ingest")?;
    }
    let (dp, ingest) = match &options.programs {
        Some(folder) => (folder.join("dp"), folder.join("ingest")),
        None => (measure::release("platform-cli", "dp")?, measure::release("ingest", "ingest")?),
    };
    let server = Server::open()?;
    server.make(DATABASE, "template0")?;
    let bench = Bench { server, dp, ingest, folder, rounds: options.rounds.max(1) };
    bench.drop(options)?;
    if options.seed_rows > 0 {
        bench.seed(options)?;
    }
    bench.server.drop(DATABASE)?;
    fs::remove_dir_all(&bench.folder).context("failed to remove target/bench/ingest")
}

struct Bench {
    server: Server,
    dp: PathBuf,
    ingest: PathBuf,
    folder: PathBuf,
    rounds: u32,
}

/// The fastest of the rounds so far, with the most memory of any.
#[derive(Default)]
struct Best(Option<Figure>);

impl Best {
    fn take(&mut self, figure: Figure) {
        self.0 = Some(match self.0 {
            None => figure,
            Some(best) => {
                Figure { seconds: best.seconds.min(figure.seconds), peak: best.peak.max(figure.peak) }
            }
        });
    }

    /// Prints it, with how much faster it is than another.
    fn print(&self, what: &str, than: Option<&Self>) -> anyhow::Result<()> {
        let Some(figure) = &self.0 else { return table::line(&format!("{what}: not measured")) };
        table::figure(what, figure)?;
        match than.and_then(|than| than.0) {
            Some(than) => table::line(&format!("    {:.2} × its speed", than.seconds / figure.seconds)),
            None => Ok(()),
        }
    }
}

impl Bench {
    /// One drop: our load, `\copy`, COPY by the server, then the same drop again.
    fn drop(&self, options: &Options) -> anyhow::Result<()> {
        let (invoices, organizations) = if options.large { LARGE } else { (options.invoices, LARGE.1) };
        let project = self.folder.join("project");
        fs::create_dir_all(&project).context("failed to make target/bench/ingest")?;
        copy_project(&workspace::root(), &project)?;
        let out = project.join("csv_data");
        fs::remove_dir_all(&out).context("failed to make room for the drop")?;
        generate::run(&Generate::clean_drops(out, vec![DATE.parse()?], invoices, organizations))?;
        let file = project.join("csv_data").join(DATE).join("invoices.csv");
        let size = fs::metadata(&file).context("failed to look at invoices.csv")?.len();
        measure::program(self.server.client(&self.dp, DATABASE).arg("parse").current_dir(&project))?;
        let (mut ours, mut client, mut server) = (Best::default(), Best::default(), Best::default());
        let mut statistics = Best::default();
        for _ in 0..self.rounds {
            // From the second round on a full table is replaced, as it is every day.
            self.server.run(DATABASE, "checkpoint")?;
            ours.take(measure::program(&mut self.load(&project, &["--force"]))?.0);
            client.take(self.copy_by_client(&file)?);
            statistics.take(measure::program(&mut self.server.psql(DATABASE, "analyze copied"))?.0);
            // A server on another machine reads no files of ours.
            if let Ok(figure) = self.copy_by_server(&file) {
                server.take(figure);
            }
        }
        let again = measure::program(&mut self.load(&project, &[]))?.0;
        let trusted = measure::program(&mut self.load(&project, &["--trust-mtime"]))?.0;
        table::line(&format!(
            "{invoices} invoices, {} MB; the fastest of {} rounds",
            size / 1_000_000,
            self.rounds
        ))?;
        table::heading("")?;
        client.print("psql \\copy of invoices.csv", None)?;
        statistics.print("psql analyze, which our load includes", None)?;
        ours.print("our load of the drop, every row checked", Some(&client))?;
        server.print("COPY of invoices.csv by the server itself", None)?;
        table::figure("our load again: skipped by its hash", &again)?;
        table::figure("our load again: skipped by size and time", &trusted)
    }

    fn load(&self, project: &Path, more: &[&str]) -> Command {
        let mut command = self.server.client(&self.ingest, DATABASE);
        command.arg("load").args(more).current_dir(project);
        command
    }

    /// An empty table as our load makes it.
    fn empty(&self) -> anyhow::Result<()> {
        let sql = "drop table if exists copied; create table copied (like raw.raw_invoices); checkpoint";
        self.server.run(DATABASE, sql)
    }

    fn copy_by_client(&self, file: &Path) -> anyhow::Result<Figure> {
        self.empty()?;
        let line = format!("\\copy copied ({COLUMNS}) from '{}' with (format csv, header)", file.display());
        Ok(measure::program(&mut self.server.psql(DATABASE, &line))?.0)
    }

    /// The server may run as another user, who can't enter our folders: the file is linked or copied to where it can.
    fn copy_by_server(&self, file: &Path) -> anyhow::Result<Figure> {
        let folder = std::env::temp_dir().join(format!("bench-ingest-{}", std::process::id()));
        fs::DirBuilder::new()
            .mode(0o755)
            .create(&folder)
            .context("failed to make a folder for the server")?;
        let figure = self.copy_from(file, &folder.join("invoices.csv"));
        fs::remove_dir_all(&folder).context("failed to remove the server's folder")?;
        figure
    }

    fn copy_from(&self, file: &Path, near: &Path) -> anyhow::Result<Figure> {
        self.empty()?;
        if fs::hard_link(file, near).is_err() {
            fs::copy(file, near).context("failed to copy invoices.csv for the server")?;
        }
        fs::set_permissions(near, fs::Permissions::from_mode(0o644))
            .context("failed to let the server read invoices.csv")?;
        let line = format!("copy copied ({COLUMNS}) from '{}' with (format csv, header)", near.display());
        let (figure, _) = measure::program(&mut self.server.psql(DATABASE, &line))?;
        // The memory is the server's, not psql's.
        Ok(Figure { peak: None, ..figure })
    }

    /// One seed: `dp seed`, `\copy` into the same table, `dbt seed`.
    fn seed(&self, options: &Options) -> anyhow::Result<()> {
        let project = self.folder.join("seeds");
        let file = self.make_seed(&project, options.seed_rows)?;
        let size = fs::metadata(&file).context("failed to look at the seed")?.len();
        let (mut ours, mut client, mut dbt) = (Best::default(), Best::default(), Best::default());
        for _ in 0..self.rounds {
            self.server.run(DATABASE, "drop schema if exists analytics cascade; checkpoint")?;
            ours.take(measure::program(&mut self.seed_by(&self.dp, &project))?.0);
            self.server.run(DATABASE, "create table analytics.copied (like analytics.big); checkpoint")?;
            let line = format!("\\copy analytics.copied from '{}' with (format csv, header)", file.display());
            client.take(measure::program(&mut self.server.psql(DATABASE, &line))?.0);
        }
        if let Some(program) = options.peers.dbt(&workspace::root().join("target/verify"))? {
            self.server.run(DATABASE, "drop schema if exists analytics cascade; checkpoint")?;
            dbt.take(measure::program(&mut self.seed_by(&program, &project))?.0);
        }
        table::line(&format!("a seed of {} rows, {} MB", options.seed_rows, size / 1_000_000))?;
        table::heading("")?;
        dbt.print("dbt seed", None)?;
        ours.print("dp seed", Some(&dbt))?;
        client.print("psql \\copy into the same table", None)
    }

    fn seed_by(&self, program: &Path, project: &Path) -> Command {
        let mut command = self.server.client(program, DATABASE);
        command.args(["seed", "--profiles-dir", "."]).current_dir(project);
        command.env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false");
        command
    }

    /// A project with one seed: invoices.
    fn make_seed(&self, project: &Path, rows: u64) -> anyhow::Result<PathBuf> {
        let out = self.folder.join("seed_data");
        generate::run(&Generate::clean_drops(out.clone(), vec![DATE.parse()?], rows, LARGE.1))?;
        fs::create_dir_all(project.join("seeds")).context("failed to make the project of seeds")?;
        let file = project.join("seeds/big.csv");
        fs::rename(out.join(DATE).join("invoices.csv"), &file).context("failed to move the seed")?;
        let types: Vec<String> =
            SEED_TYPES.iter().map(|(column, kind)| format!("      {column}: {kind}\n")).collect();
        let settings = format!(
            "name: bench\nversion: 1.0.0\nprofile: data_platform\nseeds:\n  bench:\n    +column_types:\n{}",
            types.concat()
        );
        fs::write(project.join("dbt_project.yml"), settings).context("failed to write dbt_project.yml")?;
        fs::copy(workspace::root().join("profiles/profiles.yml"), project.join("profiles.yml"))
            .context("failed to copy profiles.yml")?;
        Ok(file)
    }
}
