"""The exercises for nbgrader: python -m classroom.export --nbgrader"""

from classroom.hand_out.export import main

if __name__ == "__main__":
    main()
