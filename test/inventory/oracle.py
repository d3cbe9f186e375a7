"""What ansible-core makes of an inventory: one JSON request a line on stdin, one JSON answer a line on stdout."""
import json
import os
import sys

answers = os.fdopen(os.dup(1), 'w')
# Ansible itself must not write between the answers.
os.dup2(2, 1)
for name in [name for name in os.environ if name.startswith('ANSIBLE_')]:
    del os.environ[name]
os.environ['ANSIBLE_CONFIG'] = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'ansible.cfg')

from ansible import constants as C
from ansible import context
from ansible._internal._json._profiles import _inventory_legacy
from ansible.cli.inventory import InventoryCLI
from ansible.inventory.group import Group
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.vars import host_group_vars
from ansible.utils.display import Display
from ansible.vars.manager import VariableManager

SAFE = 2**53 - 1
context.CLIARGS = {'export': False, 'basedir': None, 'pattern': 'all', 'show_vars': False}


def walk(self, rel, include_self=False, preserve_ordering=False):
    """As Group._walk_relationship, which walks sets: from the second level down its order depends on addresses."""
    ordered = dict.fromkeys([self] if include_self else [])
    level = dict.fromkeys(getattr(self, rel))
    while level:
        fresh = [group for group in level if group not in ordered]
        ordered.update(dict.fromkeys(fresh))
        level = dict.fromkeys(group for parent in fresh for group in getattr(parent, rel))
    return list(ordered) if preserve_ordering else set(ordered)


Group._walk_relationship = walk
# Warnings about every odd name are many, and beside the point.
for name in ('display', 'warning', 'deprecated', 'error_as_warning'):
    setattr(Display, name, lambda *args, **options: None)


def answer(request):
    for cache in (host_group_vars.CANONICAL_PATHS, host_group_vars.FOUND, host_group_vars.NAK):
        cache.clear()
    loader = DataLoader()
    if request.get('playbookDirectory'):
        loader.set_basedir(request['playbookDirectory'])
    inventory = InventoryManager(loader=loader, sources=request['sources'])
    variables = VariableManager(loader=loader, inventory=inventory)
    variables.safe_basedir = bool(request.get('playbookDirectory'))
    # What `ansible-inventory` runs, without its start.
    cli = InventoryCLI.__new__(InventoryCLI)
    cli.loader, cli.inventory, cli.vm = loader, inventory, variables
    return {
        'list': cli.json_inventory(inventory.groups['all']),
        'graph': cli.inventory_graph().split('\n'),
        'hosts': {name: [host.name for host in group.get_hosts()] for name, group in inventory.groups.items()},
        'patterns': {pattern: match(inventory, pattern, None) for pattern in request.get('patterns', [])},
        'limits': {limit: match(inventory, 'all', limit) for limit in request.get('limits', [])},
    }


def match(inventory, pattern, limit):
    try:
        inventory.subset(limit)
        return [host.name for host in inventory.get_hosts(pattern)]
    except Exception as error:
        return {'error': str(error)}
    finally:
        inventory.subset(None)


def portable(value):
    """What JSON of JavaScript cannot hold, as text."""
    if isinstance(value, dict):
        return {key: portable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [portable(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > SAFE:
        return str(value)
    if isinstance(value, float) and (value != value or value in (float('inf'), float('-inf'))):
        return str(value)
    return value


for line in sys.stdin:
    try:
        result = answer(json.loads(line))
        # Keys become text, tuples lists, dates text: what Ansible prints.
        result = portable(json.loads(json.dumps(result, cls=_inventory_legacy.Encoder)))
    except Exception as error:
        result = {'error': str(error)}
    answers.write(json.dumps(result) + '\n')
    answers.flush()
