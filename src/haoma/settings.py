"""Every knob of haoma in one table: name, type, default, unit, help.

Rules held here:
- A flag wins over the environment (`HAOMA_<NAME>`), the environment over haoma.toml, haoma.toml over the default.
- haoma.toml is the file `$HAOMA_CONFIG` names, else the one in the working directory, else the one in the user's
  configuration directory (XDG Base Directory Specification 0.8). The first one found is the only one read.
- An unknown key or a wrong value in a file is an error that names the file. An unknown `HAOMA_*` variable is none, for
  Kubernetes sets `HAOMA_PORT` and its like for every service called haoma.
- An empty text is a setting that was not given: the next place is asked.
- A HOME that is empty is none: then the home directory is the one of the user in the system's list. A setting that
  needs one where there is none is an error that names what to set.
- A relative path in a file starts at that file; anywhere else at the working directory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from haoma.errors import BadInput

__all__ = ["SETTINGS", "Setting", "Settings", "load"]

LONGEST = 60
MOST = 10**11
Value: TypeAlias = Path | tuple[Path, ...] | str | int | bool | None


@dataclass(frozen=True, slots=True)
class Setting:
    """One knob. `type` is path, paths, text, integer or boolean; `default` is as a person writes it, "" for unset."""

    name: str
    type: str
    default: str
    unit: str
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"HAOMA_{self.name.upper()}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What every knob stands at. Field by field as in `SETTINGS`."""

    data_dir: Path
    overlays: tuple[Path, ...]
    phone_dat: Path | None
    store_dir: Path
    database: str
    ledger_origin: str
    ledger_policy: Path | None
    ledger_checkpoint_s: int
    ledger_open_entries: bool
    ledger_tsa: str
    ledger_tsa_roots: Path | None
    ledger_chain: str
    ledger_contract: str
    vault_suite: str
    vault_keys: str
    vault_custody: str
    vault_retention_s: int
    access_origin: str
    oidc_issuer: str
    oidc_client_id: str
    oidc_secret_file: Path | None
    camara_url: str
    camara_issuer: str
    camara_client_id: str
    camara_key_file: Path | None
    route_rules: Path | None
    radio_url: str
    radio_key_file: Path | None
    platform_file: Path | None
    locate_k: int
    fusion_priors: Path | None
    risk_calibration: Path | None
    crm_map: Path | None
    case_verify_days: int
    guard_pipeline: Path | None
    guard_channels: Path | None
    guard_platforms: Path | None
    guard_bad_looks: int
    guard_good_looks: int
    guard_read_s: int
    guard_read_mb: int
    watch_hotline_alarms: int
    watch_fleet_alarms: int
    watch_grace_min: int
    watch_hours: Path | None
    watch_corrector: Path | None
    sms_file: Path | None
    sms_countries: str
    api_origin: str
    api_rate_per_min: int
    api_metrics: bool
    api_traces: bool
    self_url: str
    self_rate_per_min: int
    self_codes_per_hour: int
    crawl_contact: str
    crawl_allow: str
    crawl_egress: str
    crawl_keys: Path | None
    crawl_lease_s: int
    crawl_chromium: Path | None
    watch_late_days: int
    watch_rows_per_min: int
    batch_rows: int
    debug: bool

    def environment(self) -> dict[str, str]:
        """The variables that give another process these settings."""
        return {one.variable: text for one in SETTINGS if (text := _written(getattr(self, one.name)))}


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "data_dir",
        "path",
        "$XDG_CACHE_HOME/haoma",
        "",
        "Directory of the packed table of segments and of compiled code.",
    ),
    Setting("overlays", "paths", "", "", "CSV files with segments of your own; they win over every other source."),
    Setting("phone_dat", "path", "", "", "A phone.dat file; empty takes the one of PyPI's phone, if installed."),
    Setting("store_dir", "path", "$XDG_DATA_HOME/haoma", "", "Directory of the database and the keys."),
    Setting("database", "text", "", "", "URL of the database; empty is the SQLite file haoma.db in store_dir."),
    Setting("ledger_origin", "text", "haoma.local/log", "", "Name of the log, for ever: a URL without its scheme."),
    Setting("ledger_policy", "path", "", "", "A tlog-policy file: witnesses to ask, and logs to witness."),
    Setting("ledger_checkpoint_s", "integer", "3600", "seconds", "How often a running service signs a checkpoint."),
    Setting("ledger_open_entries", "boolean", "false", "", "Serve the entries to everyone, not just with the key."),
    Setting("ledger_tsa", "text", "", "", "URL of a time-stamp authority (RFC 3161); empty for none."),
    Setting("ledger_tsa_roots", "path", "", "", "Certificates that vouch for that authority, in PEM."),
    Setting("ledger_chain", "text", "", "", "JSON-RPC URL of an EVM chain to anchor on; empty for none."),
    Setting("ledger_contract", "text", "", "", "eip155:CHAIN:ADDRESS@BLOCK of the contract there (CAIP-10)."),
    Setting("vault_suite", "text", "aes-sha2", "", "Algorithms of new keys: aes-sha2, or the national sm4-sm3."),
    Setting("vault_keys", "text", "", "", "URL of the key store; empty is the SQLite file keys/vault.db in store_dir."),
    Setting("vault_custody", "text", "", "", "What wraps keys: empty (files), transit+https://HOST/MOUNT, pkcs11:URI."),
    Setting("vault_retention_s", "integer", "600", "seconds", "How often a running service deletes what is over."),
    Setting("access_origin", "text", "", "", "Origin of the console's pages, which passkeys are bound to: https://…"),
    Setting("oidc_issuer", "text", "", "", "Issuer of an OpenID provider that people sign in with; empty for none."),
    Setting("oidc_client_id", "text", "", "", "What this instance is called there."),
    Setting(
        "oidc_secret_file", "path", "", "", "File with the secret of this instance there, its owner's alone to read."
    ),
    Setting("camara_url", "text", "", "", "Root of a carrier's CAMARA interfaces, to ask where phones are: https://…"),
    Setting("camara_issuer", "text", "", "", "Issuer of that carrier's tokens, which offers CIBA by polling."),
    Setting("camara_client_id", "text", "", "", "What this instance is called there."),
    Setting(
        "camara_key_file", "path", "", "", "Private key it signs in with there, in PEM, its owner's alone to read."
    ),
    Setting("route_rules", "path", "", "", "TOML file of desks, remote areas and stores, which customers are sent by."),
    Setting("radio_url", "text", "", "", "A service that locates Wi-Fi and cells: https://HOST/v1/geolocate."),
    Setting("radio_key_file", "path", "", "", "File with the key that it knows this instance by, if it asks for one."),
    Setting("platform_file", "path", "", "", "TOML file that describes another platform which is asked for positions."),
    Setting("locate_k", "integer", "20000", "people", "How many people have to live in a region that is shown."),
    Setting("fusion_priors", "path", "", "", "File of how often evidence errs, as haoma locate fit writes it."),
    Setting("risk_calibration", "path", "", "", "File of what a score means, as haoma locate calibrate writes it."),
    Setting(
        "crm_map", "path", "", "", "TOML file that says where each tenant's customers are; its owner's alone to read."
    ),
    Setting("case_verify_days", "integer", "180", "days", "How long a number counts as shown to be its customer's."),
    Setting("guard_pipeline", "path", "", "", "TOML file of the hops that a hotline takes inside the company."),
    Setting("guard_channels", "path", "", "", "TOML file of who hears of incidents; its owner's alone to read."),
    Setting("guard_platforms", "path", "", "", "TOML file of platforms that correct labels, beside those shipped."),
    Setting("guard_bad_looks", "integer", "2", "looks", "How many bad looks in a row open an incident."),
    Setting("guard_good_looks", "integer", "2", "looks", "How many good looks in a row close one."),
    Setting("guard_read_s", "integer", "120", "seconds", "How long a page may be read for its numbers."),
    Setting("guard_read_mb", "integer", "1024", "MB", "How much memory who reads pages may take, each."),
    Setting("watch_hotline_alarms", "integer", "1", "alarms", "How many false alarms a month one hotline may give."),
    Setting("watch_fleet_alarms", "integer", "60", "alarms", "How many all hotlines together may give in a month."),
    Setting("watch_grace_min", "integer", "2", "minutes", "How long the counts of a minute are waited for."),
    Setting("watch_hours", "path", "", "", "TOML file of when hotlines are open that do not answer day and night."),
    Setting("watch_corrector", "path", "", "", "Model of haoma watch train that corrects what is expected of calls."),
    Setting("sms_file", "path", "", "", "TOML file that describes who sends short messages; empty writes a file."),
    Setting("sms_countries", "text", "86", "", "Calling codes of the countries that messages are sent to: 86, 852."),
    Setting(
        "api_origin", "text", "", "", "Origin that signed requests name: https://…; empty takes the one that arrived."
    ),
    Setting("api_rate_per_min", "integer", "600", "requests", "How often one caller may ask, per minute and process."),
    Setting(
        "api_metrics", "boolean", "false", "", "Serve figures at /metrics to who shows the key in keys/metrics.key."
    ),
    Setting(
        "api_traces", "boolean", "false", "", "Make OpenTelemetry spans, for the SDK that this process runs under."
    ),
    Setting(
        "self_url",
        "text",
        "",
        "",
        "Origin of the customers' own page, which is at /self there: https://…; empty for none.",
    ),
    Setting(
        "self_rate_per_min",
        "integer",
        "60",
        "presses",
        "How often one address may press a button there, per minute and process.",
    ),
    Setting(
        "self_codes_per_hour",
        "integer",
        "300",
        "codes",
        "How many codes it sends in a tenant and hour, and how many wrong ones it takes.",
    ),
    Setting("crawl_contact", "text", "", "", "A page that tells who crawls and how to be left alone: https://…"),
    Setting(
        "crawl_allow",
        "text",
        "",
        "",
        "Hosts that the crawl may reach on networks of one's own: intranet.example, wiki:8080.",
    ),
    Setting(
        "crawl_egress",
        "text",
        "",
        "",
        "Addresses of this machine that hosts are asked from which gave leave: 203.0.113.7.",
    ),
    Setting("crawl_keys", "path", "", "", "Folder with the keys of licensed feeds; empty is feed-keys in store_dir."),
    Setting(
        "crawl_lease_s", "integer", "60", "seconds", "How long a host is a worker's that does not answer any more."
    ),
    Setting("crawl_chromium", "path", "", "", "The Chromium that renders pages; empty is the one on the path."),
    Setting("watch_late_days", "integer", "7", "days", "How late a count of a hotline may come over HTTP."),
    Setting(
        "watch_rows_per_min",
        "integer",
        "600000",
        "rows",
        "How many rows of counts a tenant may send, per minute and process.",
    ),
    Setting("batch_rows", "integer", "262144", "rows", "Rows held at once when a file is streamed."),
    Setting("debug", "boolean", "false", "", "Show the traceback of an unexpected failure; it may hold numbers."),
)

_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def load(
    flags: Mapping[str, object] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Settings:
    """The settings in force here and now; a flag of None is one that was not given.

    >>> load({"batch_rows": 1000}, env={"HOME": "/home/an", "HAOMA_BATCH_ROWS": "10"}).batch_rows
    1000

    Raises BadInput for a value of the wrong type, an unknown key in haoma.toml, and a file that cannot be read.
    """
    env = os.environ if env is None else env
    cwd = Path() if cwd is None else cwd
    homes = {"$XDG_CACHE_HOME": ".cache", "$XDG_DATA_HOME": ".local/share"}
    file, in_file = _from_file(env, cwd)
    found: dict[str, Value] = {}
    for setting in SETTINGS:
        name = setting.name
        places = (
            (f"--{name.replace('_', '-')}", (flags or {}).get(name), cwd),
            (setting.variable, env.get(setting.variable), cwd),
            (f"{file}: {name}", in_file.get(name), file.parent),
        )
        given = next((place for place in places if place[1] not in (None, "")), None)
        if not given and setting.default:
            given = "the default", _expanded(setting, homes, env), cwd
        found[name] = _read(setting, *given) if given else _EMPTY.get(setting.type)
    return Settings(**found)  # type: ignore[arg-type]  # _read gives each name the type that the table says


def _expanded(setting: Setting, homes: Mapping[str, str], env: Mapping[str, str]) -> str:
    variable, slash, rest = setting.default.partition("/")
    if variable not in homes:
        return setting.default
    home = _home(env, variable[1:], homes[variable])
    if home is None:
        message = f"{setting.name}: there is no home directory to put it into, for HOME is not set"
        raise BadInput(message, hint=f"set HOME, or {setting.variable}")
    return f"{home}{slash}{rest}"


def _written(value: Value) -> str:
    if isinstance(value, tuple):
        return os.pathsep.join(str(path.absolute()) for path in value)
    if isinstance(value, Path):
        return str(value.absolute())
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _home(env: Mapping[str, str], variable: str, below_home: str) -> Path | None:
    # The specification: a relative path in these variables is invalid and to be ignored.
    named = Path(env.get(variable, ""))
    home = env.get("HOME") or _of_the_user()
    return named if named.is_absolute() else Path(home) / below_home if home else None


def _of_the_user() -> str | None:
    """The home directory in the system's list of users; None for a user who is not in it, as in many containers."""
    try:
        import pwd
    except ImportError:
        return str(Path.home())
    try:
        return pwd.getpwuid(os.getuid()).pw_dir or None
    except KeyError:
        return None


def _from_file(env: Mapping[str, str], cwd: Path) -> tuple[Path, dict[str, object]]:
    path = _config_file(env, cwd)
    if path is None:
        return Path(), {}
    known = [setting.name for setting in SETTINGS]
    content = _toml(path)
    for key in content.keys() - known:
        message = f"{path}: there is no setting {key!r}"
        raise BadInput(message, hint=f"settings: {', '.join(known)}")
    return path, content


def _config_file(env: Mapping[str, str], cwd: Path) -> Path | None:
    if env.get("HAOMA_CONFIG"):
        return cwd / env["HAOMA_CONFIG"]
    home = _home(env, "XDG_CONFIG_HOME", ".config")
    candidates = (cwd / "haoma.toml", *([home / "haoma" / "haoma.toml"] if home else ()))
    return next((path for path in candidates if path.exists()), None)


def _toml(path: Path) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path}: the settings cannot be read ({error.strerror})"
        raise BadInput(message, hint="HAOMA_CONFIG names the file to read; without it haoma.toml is optional") from None
    except ValueError as error:  # of TOML, of UTF-8, or a number of thousands of digits
        message = f"{path}: this is no TOML ({error})"
        raise BadInput(message, hint='a line looks like this: batch_rows = 100000, or data_dir = "cache"') from None


def _read(setting: Setting, where: str, value: object, base: Path) -> Value:
    """Read a value of the setting's type out of text (flag, environment, default) or TOML."""
    read = _READ[setting.type](value, base)
    if read is None:
        message = f"{where}: {_shown(value)} is not {_ALLOWED[setting.type]}"
        raise BadInput(message, hint=f"{setting.name}: {setting.help}")
    return read


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


_EMPTY: dict[str, Value] = {"paths": (), "text": ""}
_ALLOWED = {
    "path": "a path",
    "paths": f"a list of paths (in text separated by {os.pathsep!r})",
    "text": "a text",
    "integer": "a whole number above zero",
    "boolean": "true or false",
}


def _path(value: object, base: Path) -> Path | None:
    if not isinstance(value, str | Path) or not str(value):
        return None
    try:
        return base / Path(value).expanduser()
    except RuntimeError:  # ~ of nobody
        return None


def _paths(value: object, base: Path) -> tuple[Path, ...] | None:
    parts: object = [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value
    if not isinstance(parts, Sequence):
        return None
    paths = [path for path in (_path(part, base) for part in parts) if path is not None]
    return tuple(paths) if len(paths) == len(parts) else None


def _text(value: object, _base: Path) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: object, _base: Path) -> int | None:
    if isinstance(value, str) and len(value) <= 12 and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST else None


def _boolean(value: object, _base: Path) -> bool | None:
    return _WORDS.get(value.lower()) if isinstance(value, str) else value if isinstance(value, bool) else None


_READ: dict[str, Callable[[object, Path], Value]] = {
    "path": _path,
    "paths": _paths,
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
}
