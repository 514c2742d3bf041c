"""What runs of the local system, as a table."""

import time

from rich.console import Console
from rich.table import Table

from local.home import Home, tail
from local.supervisor import ports, process_specs, processes
from local.supervisor.mode import remembered
from local.supervisor.up import healthy


def show(home: Home) -> int:
    """Print the state of each part; return 0 when all are ready, else 1."""
    console = Console(highlight=False)
    records = processes.records(home)
    table = Table("part", "state", "address", "pid", "up for", box=None, header_style="bold")
    dead: list[str] = []
    expected = ports.names(remembered(home))
    for name in expected:
        record = records.get(name)
        if record is None:
            table.add_row(name, "[dim]not started[/dim]")
            continue
        process = record.process()
        address = f"http://127.0.0.1:{record.port}"
        if process is None:
            dead.append(name)
            table.add_row(name, "[red]ended[/red]", f"[dim]{address}[/dim]", "", "")
            continue
        ready = healthy(f"{address}{process_specs.HEALTH[name]}")
        state = "[green]ready[/green]" if ready else "[yellow]does not answer[/yellow]"
        age = f"{time.time() - record.started:.0f} s"
        table.add_row(name, state, address, str(record.pid), age)
        if not ready:
            dead.append(name)
    console.print(table)
    console.print(f"Logs: {home.log('*')}", style="dim", soft_wrap=True)
    for name in dead:
        console.print(f"\nLast lines of {name}:")
        for line in tail(home.log(name), 8):
            console.print(f"  │ {line}", markup=False)
    if dead:
        console.print("\n`python -m local up` starts again what has ended.")
    return 0 if not dead and records.keys() >= set(expected) else 1
