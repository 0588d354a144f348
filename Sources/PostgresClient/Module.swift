enum PostgresClientModule {}
