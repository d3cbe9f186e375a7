"""What ansible-core makes of the variables of a host: `templates.py HOSTS.INI HOST`, its answers as JSON on stdout."""
import json
import os
import sys

answers = os.fdopen(os.dup(1), 'w')
# Ansible itself must not write between the answers.
os.dup2(2, 1)

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

source, name = sys.argv[1:]
loader = DataLoader()
inventory = InventoryManager(loader=loader, sources=[source])
manager = VariableManager(loader=loader, inventory=inventory)
host = inventory.get_host(name)
own = [key for key in host.get_vars()] + [key for key in inventory.groups['all'].get_vars()]
variables = manager.get_vars(host=host)
variables['hostvars'] = HostVars(inventory, manager, loader)
variables['vars'] = dict(variables)


def value(key):
    try:
        return json.loads(json.dumps(Templar(loader=loader, variables=variables).template(variables[key])))
    except Exception:
        return {'error': True}


names = [key for key in variables if key in own or key.startswith(('t_', 'k', 'l'))]
json.dump({key: value(key) for key in names if key not in ('hostvars', 'vars', 'inventory_dir', 'inventory_file')}, answers, indent=1, sort_keys=True)
