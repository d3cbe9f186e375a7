module quorate.test/agnhost

go 1.26.0
