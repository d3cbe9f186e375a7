/** Variables with which a connection or become is set up, the later of a list winning as in Ansible. */
export const SETTING_NAMES = {
  connection: ['ansible_connection'],
  host: ['ansible_host', 'ansible_ssh_host'],
  port: ['ansible_port', 'ansible_ssh_port'],
  user: ['ansible_user', 'ansible_ssh_user'],
  password: ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'],
  privateKeyFile: ['ansible_private_key_file', 'ansible_ssh_private_key_file'],
  passphrase: ['ansible_private_key_passphrase', 'ansible_ssh_private_key_passphrase'],
  sshArgs: ['ansible_ssh_args'],
  sshCommonArgs: ['ansible_ssh_common_args'],
  sshExtraArgs: ['ansible_ssh_extra_args'],
  timeout: ['ansible_timeout', 'ansible_ssh_timeout'],
  become: ['ansible_become'],
  becomeMethod: ['ansible_become_method'],
  becomeUser: ['ansible_become_user', 'ansible_sudo_user', 'ansible_su_user', 'ansible_doas_user'],
  becomePassword: [
    ...(['ansible_become_password', 'ansible_become_pass'] as const),
    ...(['ansible_sudo_pass', 'ansible_su_pass', 'ansible_doas_pass'] as const),
  ],
} as const

/** To ignore one of these would connect differently from what the user asked for: to another place, or not at all. */
export const UNSUPPORTED_NAMES = [
  'ansible_paramiko_proxy_command',
  'ansible_private_key',
  'ansible_ssh_private_key',
] as const

/** Variables of Ansible that mean nothing here, so they are no misspelling of those that do. */
export const IGNORED_NAMES: ReadonlySet<string> = new Set([
  'ansible_async_dir',
  'ansible_become_exe',
  'ansible_become_flags',
  'ansible_check_mode',
  'ansible_config_file',
  'ansible_connection_user',
  'ansible_control_path',
  'ansible_control_path_dir',
  'ansible_date_time',
  'ansible_dependent_role_names',
  'ansible_diff_mode',
  'ansible_distribution',
  'ansible_distribution_version',
  'ansible_executable',
  'ansible_facts',
  'ansible_forks',
  'ansible_group_priority',
  'ansible_host_key_checking',
  'ansible_hostname',
  'ansible_inventory_sources',
  'ansible_limit',
  'ansible_local',
  'ansible_loop',
  'ansible_loop_var',
  'ansible_module_compression',
  'ansible_network_os',
  'ansible_paramiko_host_key_checking',
  'ansible_pipelining',
  'ansible_play_batch',
  'ansible_play_hosts',
  'ansible_play_name',
  'ansible_python_interpreter',
  'ansible_remote_tmp',
  'ansible_role_name',
  'ansible_role_names',
  'ansible_run_tags',
  'ansible_scp_executable',
  'ansible_scp_extra_args',
  'ansible_search_path',
  'ansible_sftp_batch_mode',
  'ansible_sftp_executable',
  'ansible_sftp_extra_args',
  'ansible_shell_executable',
  'ansible_shell_type',
  'ansible_skip_tags',
  'ansible_ssh_executable',
  'ansible_ssh_host_key_checking',
  'ansible_ssh_password_mechanism',
  'ansible_ssh_pipelining',
  'ansible_ssh_pkcs11_provider',
  'ansible_ssh_retries',
  'ansible_ssh_transfer_method',
  'ansible_ssh_use_tty',
  'ansible_ssh_verbosity',
  'ansible_sshpass_prompt',
  'ansible_sudo_exe',
  'ansible_sudo_flags',
  'ansible_verbosity',
  'ansible_version',
])

const CONNECTION_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(SETTING_NAMES).flat(),
  ...UNSUPPORTED_NAMES,
  ...IGNORED_NAMES,
])

/** Whether a variable of this name is Ansible's own: about connections and become, or nothing here. */
export function isConnectionName(name: string): boolean {
  return CONNECTION_NAMES.has(name)
}
